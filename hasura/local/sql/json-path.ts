const STEP = /^(?:\.?([A-Za-z_][\w-]*)|\.?\[(\d+)\]|\.?\['([^']*)'\]|\.?\["([^"]*)"\])/

/** `$.a.b[0]` as the keys of Postgres' `#>`; undefined when it cannot be read. */
export function jsonPath(path: string): readonly string[] | undefined {
  const keys: string[] = []
  let rest = path.startsWith('$') ? path.slice(1) : path
  while (rest !== '') {
    const step = STEP.exec(rest)
    if (step === null) return undefined
    keys.push(step[1] ?? step[2] ?? step[3] ?? step[4] ?? '')
    rest = rest.slice(step[0].length)
  }
  return keys
}
