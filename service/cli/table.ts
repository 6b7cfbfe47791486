/** A column of a table for a terminal. */
export interface Column<Row> {
  readonly title: string
  readonly align?: 'right'
  text(row: Row): string
}

export interface TableOptions<Row> {
  /** Default: the terminal's. */
  readonly width?: number
  /** What is too long for a column, or is copied: a line of its own under the row, never cut. Undefined: none. */
  readonly below?: (row: Row) => string | undefined
}

const GAP = 2
const NARROWEST = 6

/** Lines of equal columns, no wider than the terminal: the widest columns are cut first, and a cut text ends with an ellipsis. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width = process.stdout.columns ?? 100, below }: TableOptions<Row> = {},
): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map((column) => column.text(row)))]
  const widths = columns.map((_column, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)))
  const available = width - GAP * (columns.length - 1)
  while (sum(widths) > available && Math.max(...widths) > NARROWEST) {
    const index = widths.indexOf(Math.max(...widths))
    widths[index] = (widths[index] ?? 0) - 1
  }
  const lines = cells.map((line) =>
    line
      .map((cell, index) => fit(cell, widths[index] ?? 0, columns[index]?.align))
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
  const [title = '', ...body] = lines
  const under = rows.map((row) => below?.(row))
  return [title, ...body.flatMap((line, index) => [line, ...(under[index] ? [`  ${under[index]}`] : [])]), ''].join(
    '\n',
  )
}

function fit(text: string, width: number, align: 'right' | undefined): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(width - 1, 0))}…` : text
  return align === 'right' ? cut.padStart(width) : cut.padEnd(width)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** 45 s, 12 min, 3 h, 2 d. */
export function describeAge(seconds: number | null): string {
  if (seconds === null) return '–'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}
