export interface MonthValue {
  readonly month: string
  readonly value: number | null
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 180, 56, 24, 12]

/** Bars from zero, as inline SVG with a title for screen readers; empty when nothing was measured. Null leaves a gap. */
export function plotMonths(title: string, months: readonly MonthValue[]): string {
  const measured = months.flatMap(({ value }) => (value === null ? [] : [value]))
  if (measured.length === 0) return ''
  const most = Math.max(...measured, 1)
  const step = (WIDTH - LEFT) / months.length
  const height = HEIGHT - BOTTOM - TOP
  const bars = months.flatMap(({ month, value }, index) => {
    if (value === null) return []
    const tall = (value / most) * height
    const [x, y] = [LEFT + index * step, TOP + height - tall]
    return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(Math.max(1, step - 1))}" height="${fixed(tall)}" fill="#0f766e"><title>${month}: ${value}</title></rect>`
  })
  const years = months.flatMap(({ month }, index) =>
    month.endsWith('-01') || index === 0
      ? [`<text x="${fixed(LEFT + index * step)}" y="${HEIGHT - 8}" font-size="11">${month.slice(0, 4)}</text>`]
      : [],
  )
  return `<h2>${title}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${months[0]?.month ?? ''} to ${months.at(-1)?.month ?? ''}, at most ${most}">
<text x="${LEFT - 6}" y="${TOP + 10}" font-size="11" text-anchor="end">${most}</text><text x="${LEFT - 6}" y="${TOP + height}" font-size="11" text-anchor="end">0</text>
<line x1="${LEFT}" y1="${TOP + height}" x2="${WIDTH}" y2="${TOP + height}" stroke="#94a3a1"/>${bars.join('')}${years.join('')}</svg>`
}

function fixed(value: number): string {
  return value.toFixed(1)
}
