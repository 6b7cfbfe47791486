const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i
/** Where plain notation ends: below 0.1 and from 10^7 on there is an exponent. */
const MOST_INTEGER_DIGITS = 7

/**
 * A number's text as Hasura writes it, digit for digit: `5.0`, `1.1`, `1.0e-30`, `2.147483648e9`. Postgres keeps the
 * scale it reads, so a `numeric` without one of its own shows how it was written.
 */
export function scientificText(text: string): string {
  const [, sign = '', integer = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  const written = integer + fraction
  const digits = written.replace(/^0+/, '').replace(/0+$/, '')
  if (digits === '') return '0.0'
  const leadingZeros = written.length - written.replace(/^0+/, '').length
  // The value is 0.digits × 10^point.
  const point = integer.length - leadingZeros + Number(exponent)
  return sign + (point < 0 || point > MOST_INTEGER_DIGITS ? withExponent(digits, point) : plain(digits, point))
}

function withExponent(digits: string, point: number): string {
  return `${digits.charAt(0)}.${digits.slice(1) || '0'}e${point - 1}`
}

function plain(digits: string, point: number): string {
  return `${digits.slice(0, point).padEnd(point, '0') || '0'}.${digits.slice(point) || '0'}`
}
