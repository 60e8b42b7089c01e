//! Writes a value as JSON by `serde_json`, but for two things that `serde_json` does and that lose a value or change
//! it.
//!
//! 1. `serde_json` writes a float that is not a number, or infinite, as `null`. Here it is an error. No setting of
//!    `serde_json` refuses it, and no library that we found does.
//! 2. A `HashSet` has another order in each process, so that an equal set would be another text. Here it is written in
//!    the order of the texts of its elements. Maps need no such thing, since [`is_equal`](super::json::is_equal)
//!    compares objects without their order.
//!
//! [`Strict`] stands between a value and the serializer of `serde_json`, and hands on every call as it is, but for
//! these two.

use std::any::type_name;
use std::cell::Cell;
use std::fmt::Display;

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::value::RawValue;

/// Writes a value as JSON.
///
/// # Errors
/// [`Refused::NonFinite`] for a float that JSON has no text for, at any depth, and [`Refused::Other`] for what
/// `serde_json` or the value itself refuses.
pub(super) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Refused> {
    let has_met = Cell::new(false);
    let text = serde_json::to_string(&Wrapped { value, has_met: &has_met });
    // The cell is asked in any case: an implementation of Serialize may go on after an error.
    if has_met.get() { Err(Refused::NonFinite) } else { text.map_err(|_| Refused::Other) }
}

/// Why a value has no JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NonFinite,
    Other,
}

/// A value, and whether a float that JSON has no text for was met in it so far.
struct Wrapped<'a, T: ?Sized> {
    value: &'a T,
    has_met: &'a Cell<bool>,
}

impl<T: Serialize + ?Sized> Serialize for Wrapped<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Strict { inner: serializer, has_met: self.has_met, type_name: type_name::<T>() })
    }
}

/// True for the name of a `HashSet`, of one behind references and of one in a box or a `Cow`. The name is the only
/// thing that tells it from a list, whose order means something. If a later compiler names it in another way, a set is
/// written in its own order.
fn is_hash_set(mut name: &str) -> bool {
    // Some compilers name the lifetime of a `Cow`, and some do not.
    const AROUND: [&str; 7] =
        ["&", "mut ", "alloc::boxed::Box<", "alloc::rc::Rc<", "alloc::sync::Arc<", "alloc::borrow::Cow<", "'_, "];
    while let Some(inner) = AROUND.iter().find_map(|around| name.strip_prefix(around)) {
        name = inner;
    }
    name.starts_with("std::collections::hash::set::HashSet<") || name.starts_with("hashbrown::set::HashSet<")
}

/// A serializer in front of `inner`, which is one of `serde_json`.
struct Strict<'a, S> {
    inner: S,
    has_met: &'a Cell<bool>,
    /// The name of the type of the value that is about to be serialized.
    type_name: &'static str,
}

impl<S: Serializer> Strict<'_, S> {
    fn check(&self, is_finite: bool) -> Result<(), S::Error> {
        if is_finite {
            return Ok(());
        }
        self.has_met.set(true);
        Err(S::Error::custom("a float is not finite"))
    }
}

/// Hands calls on that carry no value of the application's own type.
macro_rules! hand_on {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {
        $(fn $method(self, $($name: $type),*) -> Result<S::Ok, S::Error> {
            self.inner.$method($($name),*)
        })*
    };
}

/// Hands the beginning of a compound on.
macro_rules! hand_on_compound {
    ($($method:ident($($name:ident: $type:ty),*) -> $compound:ident;)*) => {
        $(fn $method(self, $($name: $type),*) -> Result<Self::$compound, S::Error> {
            Ok(Compound { inner: self.inner.$method($($name),*)?, has_met: self.has_met })
        })*
    };
}

impl<'a, S: Serializer> Serializer for Strict<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = List<'a, S>;
    type SerializeTuple = Compound<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Compound<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Compound<'a, S::SerializeTupleVariant>;
    type SerializeMap = Compound<'a, S::SerializeMap>;
    type SerializeStruct = Compound<'a, S::SerializeStruct>;
    type SerializeStructVariant = Compound<'a, S::SerializeStructVariant>;

    hand_on! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    hand_on_compound! {
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize) -> SerializeStructVariant;
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.check(value.is_finite())?;
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.check(value.is_finite())?;
        self.inner.serialize_f64(value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        if is_hash_set(self.type_name) {
            return Ok(List::Sorted { serializer: self, texts: Vec::new() });
        }
        Ok(List::InOrder(Compound { inner: self.inner.serialize_seq(len)?, has_met: self.has_met }))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Wrapped { value, has_met: self.has_met })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Wrapped { value, has_met: self.has_met })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_variant(name, index, variant, &Wrapped { value, has_met: self.has_met })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// A list, or a set whose elements are written when all of them are known.
enum List<'a, S: Serializer> {
    InOrder(Compound<'a, S::SerializeSeq>),
    Sorted { serializer: Strict<'a, S>, texts: Vec<String> },
}

impl<S: Serializer> SerializeSeq for List<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        match self {
            Self::InOrder(list) => list.inner.serialize_element(&Wrapped { value, has_met: list.has_met }),
            Self::Sorted { serializer, texts } => {
                let element = Wrapped { value, has_met: serializer.has_met };
                texts.push(serde_json::to_string(&element).map_err(S::Error::custom)?);
                Ok(())
            }
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::InOrder(list) => list.inner.end(),
            Self::Sorted { serializer, mut texts } => {
                texts.sort_unstable();
                let mut list = serializer.inner.serialize_seq(Some(texts.len()))?;
                for text in texts {
                    list.serialize_element(&RawValue::from_string(text).map_err(S::Error::custom)?)?;
                }
                list.end()
            }
        }
    }
}

/// A compound of `inner`, whose values are wrapped.
struct Compound<'a, C> {
    inner: C,
    has_met: &'a Cell<bool>,
}

/// Hands the values of a compound on, each wrapped.
macro_rules! compound {
    ($($trait:ident: $method:ident($($name:ident: $type:ty),*);)*) => {
        $(impl<C: $trait> $trait for Compound<'_, C> {
            type Ok = C::Ok;
            type Error = C::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $($name: $type,)* value: &T) -> Result<(), C::Error> {
                let value = Wrapped { value, has_met: self.has_met };
                self.inner.$method($($name,)* &value)
            }

            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        })*
    };
}

compound! {
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(key: &'static str);
    SerializeStructVariant: serialize_field(key: &'static str);
}

impl<C: SerializeMap> SerializeMap for Compound<'_, C> {
    type Ok = C::Ok;
    type Error = C::Error;

    /// `serde_json` itself refuses a key that is a float and not finite.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        self.inner.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let value = Wrapped { value, has_met: self.has_met };
        self.inner.serialize_value(&value)
    }

    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}
