//! Records in the files of a folder. Feature `file`.

mod file_store;
mod folder;
mod format;

pub use file_store::FileStore;
