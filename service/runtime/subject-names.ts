/**
 * The subject alternative names of a certificate, as Node writes them: `DNS:a.example, URI:spiffe://b`. A name that holds a comma or a
 * quote is written as a JSON string (CVE-2021-44532), so that it cannot pass for two names; it is read back as one.
 */
export function readSubjectNames(text: string): readonly string[] {
  const names: string[] = []
  const entry = /\s*([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:,|$)/y
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text)
    if (match === null) return []
    const [, kind = '', value = ''] = match
    const name = value.startsWith('"') ? unquote(value) : value
    if (name === undefined) return []
    names.push(`${kind}:${name}`)
  }
  return names
}

/** A text that is no JSON names nobody; an exception here would end the process. */
function unquote(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}
