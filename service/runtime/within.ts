/** The work's result, or an error when it takes longer; the work itself goes on. */
export async function within<Result>(work: () => Promise<Result>, withinMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), withinMs)
  })
  return Promise.race([work(), late]).finally(() => clearTimeout(timer))
}
