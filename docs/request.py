#!/usr/bin/env python3
"""Draws docs/request.svg, the picture of how a request goes: `python3 docs/request.py >docs/request.svg`."""

WIDTH, ROW, TOP, BOX = 700, 44, 54, 224
LANES = {'browser': 80, 'layer': 350, 'handler': 586}
HEADS = {'browser': ('browser', ''), 'layer': ('session layer', 'holds the key'), 'handler': ('your handler', '')}
# Each step is an arrow (from, to, text above it, is code) or, with no second lane, a note in a box on the lane of whoever acts.
STEPS = [
    ('browser', 'layer', 'Cookie: tideway_session=AfV8…', True),
    ('layer', None, ['finds the cookie by its name,', 'and opens nothing yet'], False),
    ('layer', 'handler', 'Session', True),
    ('handler', None, ['session.get("user_id")?', 'opens the seal, once, and', 'checks both timeouts'], False),
    ('handler', None, ['session.set("cart", cart)?', 'changes the copy in memory'], False),
    ('handler', 'layer', 'the response', False),
    ('layer', None, ['seals the session again, if it', 'changed or has to be extended'], False),
    ('layer', 'browser', 'Set-Cookie, only in that case', False),
]
STYLE = '''<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; text-anchor: middle }
.head { font-weight: 600; font-size: 14px } .code { font-family: ui-monospace, monospace; font-size: 12px }
.lane { stroke: #afb8c1; stroke-dasharray: 3 4 } .arrow { stroke: #0969da; stroke-width: 1.5 } .tip { fill: #0969da }
.box { fill: #f6f8fa; stroke: #afb8c1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .arrow { stroke: #58a6ff } .tip { fill: #58a6ff } .box { fill: #161b22; stroke: #6e7681 }
}
</style>'''


def escape(text):
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('"', '&quot;')


def text(x, y, line, kind=''):
    name = f' class="{kind}"' if kind else ''
    return f'<text{name} x="{x}" y="{y}">{escape(line)}</text>'


def arrow(begin, end, y):
    step = 1 if end > begin else -1
    tip = f'{end},{y} {end - 9 * step},{y - 4} {end - 9 * step},{y + 4}'
    return f'<line class="arrow" x1="{begin}" y1="{y}" x2="{end - 9 * step}" y2="{y}"/>\n<polygon class="tip" points="{tip}"/>'


def picture():
    parts, y = [], TOP
    for lane, to, says, is_code in STEPS:
        if to:
            y += ROW
            begin, end = LANES[lane], LANES[to]
            parts += [text((begin + end) // 2, y - 7, says, 'code' if is_code else ''), arrow(begin, end, y)]
            continue
        y += 14
        height = 16 * len(says) + 12
        parts.append(f'<rect class="box" x="{LANES[lane] - BOX // 2}" y="{y}" width="{BOX}" height="{height}" rx="4"/>')
        for at, line in enumerate(says):
            kind = 'code' if line.startswith('session.') else ''
            parts.append(text(LANES[lane], y + 18 + 16 * at, line, kind))
        y += height
    height = y + 24
    lanes = [f'<line class="lane" x1="{x}" y1="{TOP - 12}" x2="{x}" y2="{height - 6}"/>' for x in LANES.values()]
    heads = [text(LANES[lane], 22, name, 'head') for lane, (name, _) in HEADS.items()]
    heads += [text(LANES[lane], 40, note) for lane, (_, note) in HEADS.items() if note]
    says = 'A request brings the sealed cookie; the layer finds it, the handler opens it by asking, and the layer seals it again if it changed'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" '
    return '\n'.join([begin + f'aria-label="{says}">', STYLE, *lanes, *heads, *parts, '</svg>'])


if __name__ == '__main__':
    print(picture())
