import type { Command } from './command.ts'

const WORD = /\[?<[^>]*>\]?|\[[^\]]*\]|\S+/g

/**
 * The first word that no usage of the command has a place for; undefined: all have one, or it is the command's own verb that is wrong.
 * What is printed as help is what is taken.
 */
export function findExtraWord(
  { name, usage }: Pick<Command, 'name' | 'usage'>,
  words: readonly string[],
): string | undefined {
  const places = usage
    .map(([call]) => call)
    .filter((call) => call === name || call.startsWith(`${name} `))
    .map(
      (call) =>
        call
          .slice(name.length)
          .split(/\s(?:\| )?\[?--/)[0]
          ?.match(WORD) ?? [],
    )
    .filter((taken) => taken.every((word, index) => isPlaceholder(word) || (words[index] ?? word) === word))
  if (places.length === 0 || places.some((taken) => taken.at(-1)?.includes('…'))) return undefined
  return words[Math.max(...places.map((taken) => taken.length))]
}

function isPlaceholder(word: string): boolean {
  return /^[[<]/.test(word)
}
