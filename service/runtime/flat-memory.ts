import v8 from 'node:v8'

let isFlat = false

/**
 * Has the garbage collector clear up early, from now on and for the whole process: an import makes gigabytes of short-lived objects, of
 * which a few megabytes are alive at a time, and V8 would let the heap grow to several hundred. Costs a tenth of the speed. Measured with
 * an export of 226 MB: 275 MB without, 160 MB with it (of which 118 MB before the first record).
 */
export function keepMemoryFlat(): void {
  if (isFlat) return
  isFlat = true
  v8.setFlagsFromString('--heap-growing-percent=20')
  v8.setFlagsFromString('--max-semi-space-size=4')
  v8.setFlagsFromString('--semi-space-growth-factor=1')
}
