export interface Statement {
  readonly text: string
  /** Of the file, counted from 1: where the text starts. */
  readonly line: number
}

// Only what can hide a semicolon is told apart. Nested block comments are not understood: nobody here writes them.
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|\$(\w*)\$[\s\S]*?\$\1\$|\bbegin\s+atomic\b|[A-Za-z_]\w*|[\s\S]/gi

/** Cuts a file of SQL at its semicolons, so that each statement is sent alone and an error can be given its line. */
export function splitStatements(source: string): Statement[] {
  const statements: Statement[] = []
  let start = -1
  let openBlocks = 0
  const cut = (end: number) => {
    if (start >= 0) statements.push({ text: source.slice(start, end), line: lineOf(source, start) })
    start = -1
    openBlocks = 0
  }
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    if (token === ';' && openBlocks === 0) cut(index)
    else if (start < 0 && /\S/.test(token) && !/^(--|\/\*)/.test(token)) start = index
    openBlocks = countBlocks(openBlocks, token)
  }
  cut(source.length)
  return statements
}

/** Line of a character offset, counted from 1. */
export function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

// A body written as `begin atomic … end` holds semicolons of its own; `case` ends with `end` too.
function countBlocks(openBlocks: number, token: string): number {
  if (/^begin\s/i.test(token)) return openBlocks + 1
  if (openBlocks === 0) return 0
  if (/^case$/i.test(token)) return openBlocks + 1
  return /^end$/i.test(token) ? openBlocks - 1 : openBlocks
}
