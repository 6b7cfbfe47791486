import { median, type Target } from './figures.ts'
import { type Entry, isMet, timesTheBar } from './targets.ts'

const [WIDTH, LEFT, RIGHT, ROW, TOP] = [900, 400, 70, 26, 56]
/** The scale is logarithmic: from a tenth of the bar to a hundred times it. */
const [FEWEST, MOST] = [0.1, 100]
const MARKS = [0.1, 0.5, 1, 2, 10, 100]
const COLOURS = { met: '#1a7f37', missed: '#b42318', ink: '#24292f', line: '#d0d7de' }

/** Each target as a bar from its promise to its median, with the spread of its runs as a whisker. */
export function plotTargets(entries: readonly Entry[]): string {
  const targets = entries.flatMap((entry) => entry.targets)
  const height = TOP + targets.length * ROW + 40
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${COLOURS.ink}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    '<text x="16" y="24" font-size="15" font-weight="600">How many times as good as its bar</text>',
    ...MARKS.map((mark) => drawMark(mark, height)),
    ...targets.flatMap((target, index) => drawTarget(target, TOP + index * ROW)),
    '</svg>',
    '',
  ].join('\n')
}

function drawMark(mark: number, height: number): string {
  const at = x(mark).toFixed(1)
  const isBar = mark === 1
  const stroke = isBar ? `stroke="${COLOURS.ink}" stroke-width="1.5"` : `stroke="${COLOURS.line}"`
  return `<line x1="${at}" x2="${at}" y1="${TOP - 12}" y2="${height - 30}" ${stroke}/><text x="${at}" y="${height - 12}" text-anchor="middle">${isBar ? 'the bar' : `${mark}×`}</text>`
}

function drawTarget(target: Target, y: number): string[] {
  const shares = target.values.map((value) => timesTheBar(target, value))
  const [middle, from, to] = [median(shares), Math.min(...shares), Math.max(...shares)].map(x) as [
    number,
    number,
    number,
  ]
  const [start, end] = [Math.min(x(1), middle), Math.max(x(1), middle)]
  const colour = isMet(target) ? COLOURS.met : COLOURS.missed
  const centre = y + ROW / 2 - 3
  return [
    `<text x="${LEFT - 12}" y="${centre + 4}" text-anchor="end">${escape(target.what)}</text>`,
    `<rect x="${start.toFixed(1)}" y="${y}" width="${Math.max(1, end - start).toFixed(1)}" height="${ROW - 8}" fill="${colour}" fill-opacity="0.75"/>`,
    `<line x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${centre}" y2="${centre}" stroke="${COLOURS.ink}" stroke-width="1.5"/>`,
    ...[from, to].map(
      (at) =>
        `<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${centre - 4}" y2="${centre + 4}" stroke="${COLOURS.ink}" stroke-width="1.5"/>`,
    ),
  ]
}

function x(times: number): number {
  const within = Math.min(MOST, Math.max(FEWEST, times))
  return LEFT + (Math.log(within / FEWEST) / Math.log(MOST / FEWEST)) * (WIDTH - LEFT - RIGHT)
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
