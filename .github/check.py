#!/usr/bin/env python3
"""Checks the workflows and the forms for issues: they parse, and each command names only what is in the repository.

A command may name a script, tests and features of Cargo.toml, and fuzz targets. The steps themselves run on GitHub alone. Before
all that, the checker is shown one fault of each kind. Needs PyYAML.
"""
import os
import pathlib
import re
import sys
import tomllib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
CARGO = tomllib.loads((ROOT / 'Cargo.toml').read_text())
FUZZ = {target['name'] for target in tomllib.loads((ROOT / 'fuzz/Cargo.toml').read_text())['bin']}
OLDEST = CARGO['package']['rust-version']


def has_test(name):
    declared = {test['name'] for test in CARGO['test']}
    return name in declared or any((ROOT / 'tests' / path).exists() for path in (f'{name}.rs', f'{name}/main.rs'))


def command_faults(command):
    """What a command of a step names that is not there."""
    words = command.split()
    program = words[0]
    if '/' in program:
        if not os.access(ROOT / program, os.X_OK):
            yield f'no program {program}'
        return
    if program not in ('cargo', 'rustup'):
        yield f'unexpected program {program}'
    toolchains = [word[1:] for word in words if word.startswith('+')] + (words[-1:] if program == 'rustup' else [])
    yield from (f'toolchain {name} is not promised' for name in toolchains if name not in ('stable', OLDEST))
    for option, value in zip(words, words[1:]):
        if option == '--test' and not has_test(value):
            yield f'no test {value}'
        if option == '--features':
            yield from (f'no feature {name}' for name in value.split(',') if name not in CARGO['features'])


def faults(text):
    """Every fault of a workflow."""
    for name, job in yaml.safe_load(text)['jobs'].items():
        for command in (step['run'] for step in job['steps'] if 'run' in step):
            yield from (f'{name}: {fault}' for fault in command_faults(command))
        targets = job.get('strategy', {}).get('matrix', {}).get('target')
        if targets is not None and set(targets) != FUZZ:
            yield f'{name}: the fuzz targets are {sorted(FUZZ)}'


def planted():
    """Every kind of fault is found."""
    step = 'jobs: {{a: {{steps: [{{run: {}}}]}}}}'
    assert not list(faults(step.format('.ci/run')))
    for command in ('.ci/gone', 'make', 'cargo +1.0 check', 'rustup toolchain install nightly', 'cargo test --test gone',
                    'cargo build --features gone'):
        assert len(list(faults(step.format(command)))) == 1, command
    assert list(faults('jobs: {a: {strategy: {matrix: {target: [decode]}}, steps: []}}'))


if __name__ == '__main__':
    planted()
    found = []
    for path in sorted((ROOT / '.github').rglob('*.yml')):
        if path.parent.name == 'workflows':
            found += [f'{path.name}: {fault}' for fault in faults(path.read_text())]
        else:
            yaml.safe_load(path.read_text())
    sys.exit('\n'.join(found) or 0)
