import { element } from './dom.js'
import { formatNumber, formatStart } from './format.js'

/**
 * @typedef {object} PlotStyle
 * @property {string} title
 * @property {string} unit
 * @property {number} digits
 * @property {'bars' | 'points'} shape  Points for what is a level, bars for what adds up.
 * @property {string} color  The name of a custom property of the style sheet.
 *
 * @typedef {object} PlotData
 * @property {number[]} starts
 * @property {(number | null)[]} values
 * @property {(number | null)[]} trend
 * @property {'day' | 'month'} by
 * @property {string} trendLabel
 * @property {string} summary  The plot in words.
 */

const HEIGHT_PX = 168
const MONTH_SECONDS = 28 * 86_400

/**
 * One plot over time. Pointing at a day in one plot shows that day in all of them.
 * @param {HTMLElement} container
 * @param {PlotStyle} style
 * @returns {{ show: (data: PlotData) => void }}
 */
export function createPlot(container, style) {
  const readout = element('p', { className: 'readout', 'aria-hidden': 'true' })
  const canvas = element('div', { className: 'canvas', role: 'img', 'aria-label': style.title })
  const caption = element('figcaption')
  const head = element(
    'div',
    { className: 'plot-head' },
    element('h3', { textContent: `${style.title}, ${style.unit}` }),
    readout,
  )
  container.append(head, canvas, caption)

  /** @type {PlotData | undefined} */
  let shown
  const showReadout = (/** @type {number | null | undefined} */ index) => {
    if (shown !== undefined) readout.textContent = describePoint(shown, { index: index ?? null, ...style })
  }
  const colorOf = (/** @type {string} */ name) => getComputedStyle(container).getPropertyValue(name)
  const plot = new uPlot(options({ style, colorOf, onPoint: showReadout }), [[], [], []], canvas)

  new ResizeObserver(() => plot.setSize({ width: canvas.clientWidth, height: HEIGHT_PX })).observe(canvas)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw(false))

  return {
    show(data) {
      shown = data
      plot.setData([data.starts, data.values, data.trend])
      canvas.setAttribute('aria-label', `${style.title}. ${data.summary}`)
      caption.textContent = data.summary
      showReadout(plot.cursor.idx)
    },
  }
}

/**
 * @param {PlotData} data
 * @param {{ index: number | null, unit: string, digits: number }} point
 */
function describePoint({ starts, values, by, trendLabel }, { index, unit, digits }) {
  const start = index === null ? undefined : starts[index]
  if (index === null || start === undefined) return `Line: ${trendLabel}`
  const value = values[index] ?? null
  return `${formatStart(start, by)}: ${value === null ? 'no data' : `${formatNumber(value, digits)} ${unit}`}`
}

/**
 * @param {{ style: PlotStyle, colorOf: (name: string) => string, onPoint: (index: number | null | undefined) => void }} parts
 * @returns {uPlot.Options}
 */
function options({ style, colorOf, onPoint }) {
  const bars = uPlot.paths.bars?.({ size: [0.72, 22], radius: 0.25 })
  const isBars = style.shape === 'bars' && bars !== undefined
  const line = () => colorOf(`--${style.color}-strong`)
  const soft = () => colorOf(`--${style.color}`)
  const axis = {
    stroke: () => colorOf('--muted'),
    grid: { stroke: () => colorOf('--rule'), width: 1 },
    ticks: { show: false },
  }
  const font = '12px system-ui, sans-serif'
  /** @type {uPlot.Series} */
  const values = isBars
    ? { fill: soft, stroke: soft, width: 0, paths: bars, points: { show: false } }
    : { stroke: soft, paths: () => null, points: { show: true, size: 4, width: 0, fill: soft } }
  return {
    width: 600,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { sync: { key: 'training' }, y: false, points: { show: false }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { range: (plot, first, last) => rangeWithMargin(plot.data[0], first, last) },
      y: { range: (_plot, low, high) => (isBars ? rangeFromZero(high) : rangeAround(low, high)) },
    },
    axes: [
      {
        ...axis,
        font,
        space: 64,
        size: 28,
        grid: { show: false },
        values: (_plot, splits, _axis, _space, step) => labelDates(splits, step),
      },
      { ...axis, font, space: 36, size: 44 },
    ],
    series: [{}, values, { stroke: line, width: 2, spanGaps: true, points: { show: false } }],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx)] },
    padding: [10, 4, 0, 0],
  }
}

/**
 * Half a bucket more at both ends, so that the first and the last bar are whole.
 * @param {ArrayLike<number>} starts
 * @param {number} first
 * @param {number} last
 * @returns {[number, number]}
 */
function rangeWithMargin(starts, first, last) {
  const half = ((starts[1] ?? first) - (starts[0] ?? first)) / 2
  return [first - half, last + half]
}

/**
 * @param {number | null} high
 * @returns {[number, number]}
 */
function rangeFromZero(high) {
  return [0, high === null || high === 0 ? 1 : high * 1.08]
}

/**
 * @param {number | null} low
 * @param {number | null} high
 * @returns {[number, number]}
 */
function rangeAround(low, high) {
  return low === null || high === null ? [60, 180] : [Math.floor(low - 6), Math.ceil(high + 6)]
}

/**
 * @param {number[]} splits
 * @param {number} step
 */
function labelDates(splits, step) {
  return splits.map((seconds, index) => {
    const date = new Date(seconds * 1000)
    const isNewYear = index === 0 || date.getUTCMonth() === 0
    /** @type {Intl.DateTimeFormatOptions} */
    const parts =
      step < MONTH_SECONDS
        ? { day: 'numeric', month: 'short' }
        : isNewYear
          ? { month: 'short', year: 'numeric' }
          : { month: 'short' }
    const format = step >= 12 * MONTH_SECONDS ? { year: /** @type {const} */ ('numeric') } : parts
    return date.toLocaleDateString('en-GB', { ...format, timeZone: 'UTC' })
  })
}
