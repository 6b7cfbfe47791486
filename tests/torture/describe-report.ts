import type { TortureReport } from './torture.ts'

const SHOWN = 20

/** A report as a person reads it: the figures, then what is wrong, if anything is. */
export function describeReport({ account, sendingSeconds, settlingSeconds, ...verdict }: TortureReport): string {
  const { attempted, acknowledged, refusals, repetitions, faults } = account
  const figures: readonly (readonly [string, string | number])[] = [
    ['events sent', attempted.size],
    ['acknowledged', acknowledged.size],
    ['answers other than 200', refusals],
    ['delivered again', repetitions],
    ...Object.entries(faults).map(([kind, count]) => [`fault: ${kind}`, count] as const),
    ['sending', `${sendingSeconds.toFixed(1)} s`],
    ['coming to rest', `${settlingSeconds.toFixed(1)} s`],
    ['lost', verdict.lost.length],
    ['duplicate effects', verdict.duplicates.length],
    ['unexpected', verdict.unexpected.length],
  ]
  const wrong = [...verdict.lost, ...verdict.duplicates, ...verdict.unexpected]
  return [
    ...figures.map(([what, value]) => `${what.padEnd(32)}${value}`),
    ...wrong.slice(0, SHOWN).map((line) => `  ${line}`),
    ...(wrong.length > SHOWN ? [`  and ${wrong.length - SHOWN} more`] : []),
  ].join('\n')
}
