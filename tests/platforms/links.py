#!/usr/bin/env python3
"""Checks the links of every page in the package: `links.py FOLDER`, where FOLDER is the unpacked package.

A link without a scheme must lead to something in the package, and its anchor to a heading there. An absolute link into the
repository must lead to something in the repository. Before all that, the checker is shown one fault of each kind.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPOSITORY = re.search(r'^repository = "(.*)"$', (ROOT / 'Cargo.toml').read_text(), re.M).group(1)
IN_REPOSITORY = re.compile(re.escape(REPOSITORY) + r'/(?:blob|tree|raw)/main/([^#]+)')
FENCE = re.compile(r'^```.*?^```$', re.M | re.S)
CODE = re.compile(r'`[^`\n]*`')
INLINE = re.compile(r'\]\(([^()\s]+)\)')
DEFINITION = re.compile(r'^\[([^\]]+)\]: (\S+)$', re.M)
SHORTCUT = re.compile(r'(?<!\])\[([\w./-]+\.[a-z]\w*)\](?![\[(:])')
REFERENCE = re.compile(r'\]\[([^\]]+)\]')


def anchors(page):
    """The anchors that GitHub and rustdoc make of the headings of a page."""
    headings = re.findall(r'^#+ (.*)$', FENCE.sub('', page.read_text()), re.M)
    words = lambda heading: re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
    return {words(heading) for heading in headings}


def fault(page, link):
    """What is wrong with a link of a page, or None."""
    inside = IN_REPOSITORY.match(link)
    if inside:
        return None if (ROOT / inside.group(1)).exists() else 'leads to nothing in the repository'
    if re.match(r'[a-z]+:', link):
        return None
    path, _, anchor = link.partition('#')
    target = page.parent / path if path else page
    if not target.exists():
        return 'leads to nothing in the package'
    if anchor and anchor not in anchors(target):
        return 'leads to no heading'
    return None


def faults(folder):
    """Each fault of each page below a folder, as a line of text."""
    found = []
    for page in sorted(folder.rglob('*.md')):
        if 'target' in page.relative_to(folder).parts:
            continue
        text = CODE.sub(lambda code: 'x' * len(code.group()), FENCE.sub('', page.read_text()))
        definitions = dict(DEFINITION.findall(text))
        links = INLINE.findall(text) + list(definitions.values())
        wrong = [(link, fault(page, link)) for link in links]
        wrong += [(label, 'has no definition') for label in REFERENCE.findall(text) + SHORTCUT.findall(text) if label not in definitions]
        found += [f'{page.relative_to(folder)}: {link} {why}' for link, why in wrong if why]
    return found


def planted():
    """Every kind of fault is found, and a good page has none."""
    good = f'# A page\n[a](b.md#some-words)\n[b.md] `[c](d.md)`\n[in]({REPOSITORY}/blob/main/README.md)\n\n[b.md]: b.md\n'
    bad = {
        'c.md': '[a](gone.md)', 'd.md': '[gone]: gone.md', 'e.md': '[a](b.md#other-words)', 'f.md': '[a][b]',
        'g.md': f'[a]({REPOSITORY}/blob/main/gone.md)', 'h.md': '![a](gone.svg)', 'i.md': 'As [gone.md] says.',
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'a.md').write_text(good)
        (folder / 'b.md').write_text('## Some words\n')
        assert faults(folder) == [], faults(folder)
        for page, text in bad.items():
            (folder / page).write_text(text + '\n')
        assert [line.split(':')[0] for line in faults(folder)] == sorted(bad), faults(folder)


if __name__ == '__main__':
    planted()
    found = faults(pathlib.Path(sys.argv[1]))
    sys.exit('\n'.join(found) if found else 0)
