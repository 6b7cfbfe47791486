const QUOTE = '"'
const BACKSLASH = '\\'

/** Whether a JSON text nests objects and lists deeper than `limit`; looks at the text alone, so that nothing deep is ever built. */
export function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (inText) {
      if (character === BACKSLASH) at++
      else if (character === QUOTE) inText = false
    } else if (character === QUOTE) inText = true
    else if (character === '{' || character === '[') {
      if (++depth > limit) return true
    } else if (character === '}' || character === ']') depth--
  }
  return false
}
