const HELP = 'see npm run tributary -- help'

/** One line that says what is wrong and what to do next. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  const lines = error.message.split('\n').map((line) => line.trim())
  const code = 'code' in error ? String(error.code) : ''
  if (lines[0] === 'Bad environment:')
    return `${lines[0]} ${describeSettings(lines.slice(1))}; start npm start first, or set what is named`
  // What else Node says of it is a paragraph.
  if (code.startsWith('ERR_PARSE_ARGS')) return `${lines[0]?.split('. ')[0]}; ${HELP}`
  if (['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT'].includes(code))
    return `the database does not answer (${lines[0] || code}): start npm start, or correct DATABASE_URL`
  return lines[0] ?? ''
}

/** Of those that are missing the names are enough. */
function describeSettings(problems: readonly string[]): string {
  const isMissing = (problem: string) => problem.endsWith('received undefined')
  const missing = problems.filter(isMissing).map((problem) => problem.split(':')[0])
  const others = problems.filter((problem) => !isMissing(problem))
  return [...(missing.length === 0 ? [] : [`without ${missing.join(', ')}`]), ...others].join('; ')
}
