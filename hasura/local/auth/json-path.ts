/** The steps of `$.a.b['c d'][0]`; throws for anything else. */
export function parseJsonPath(path: string): readonly (string | number)[] {
  const step = /\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y
  const steps: (string | number)[] = []
  if (!path.startsWith('$')) throw new Error(`not a JSON path: ${path}`)
  for (step.lastIndex = 1; step.lastIndex < path.length; ) {
    const match = step.exec(path)
    if (match === null) throw new Error(`not a JSON path: ${path}`)
    steps.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? '') : Number(match[2]))
  }
  return steps
}

/** The value the path leads to, or undefined. */
export function findByPath(value: unknown, path: string): unknown {
  return parseJsonPath(path).reduce<unknown>((current, step) => {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    return Reflect.get(current, step)
  }, value)
}
