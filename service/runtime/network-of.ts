/** The address a caller is counted by. Of an IPv6 address the first 64 bits: one customer of a provider has all of the rest. */
export function networkOf(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address
}
