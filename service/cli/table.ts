/** A column of a table for a terminal. */
export interface Column<Row> {
  readonly title: string
  readonly align?: 'right'
  /** Never cut: it is copied. */
  readonly whole?: true
  text(row: Row): string
}

const GAP = 2
const NARROWEST = 6

/** Lines of equal columns, no wider than the terminal: the widest columns are cut first, and a cut text ends with an ellipsis. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width = process.stdout.columns ?? 100,
): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map((column) => column.text(row)))]
  const widths = columns.map((_column, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)))
  const available = width - GAP * (columns.length - 1)
  const widest = () => Math.max(...widths.filter((_width, index) => columns[index]?.whole !== true))
  while (sum(widths) > available && widest() > NARROWEST) {
    const index = widths.findIndex((one, at) => one === widest() && columns[at]?.whole !== true)
    widths[index] = (widths[index] ?? 0) - 1
  }
  return cells
    .map(
      (line) =>
        `${line
          .map((cell, index) => fit(cell, widths[index] ?? 0, columns[index]?.align))
          .join(' '.repeat(GAP))
          .trimEnd()}\n`,
    )
    .join('')
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
