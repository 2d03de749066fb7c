// One line for anything slow. On a terminal it is rewritten every second with the elapsed time; in a
// log file it appears when the work begins, every half minute while it lasts, and when it ends.

const LOG_INTERVAL_MS = 30_000

/** Says on standard error that something slow goes on, while `work` runs; returns what `work` returns. */
export async function withProgress(title, work, { stream = process.stderr } = {}) {
  const startedAtMs = Date.now()
  const elapsed = () => formatSeconds((Date.now() - startedAtMs) / 1000)
  const live = Boolean(stream.isTTY)
  const show = () =>
    stream.write(live ? `\r\x1b[2K… ${title} (${elapsed()})` : `… ${title} (${elapsed()})\n`)
  show()
  const timer = setInterval(show, live ? 1000 : LOG_INTERVAL_MS)
  const finish = (mark) => {
    clearInterval(timer)
    stream.write(`${live ? '\r\x1b[2K' : ''}${mark} ${title} (${elapsed()})\n`)
  }
  try {
    const result = await work()
    finish('✓')
    return result
  } catch (error) {
    finish('✗')
    throw error
  }
}

/** Seconds as people say them: `8 s`, `2 min 05 s`. */
function formatSeconds(seconds) {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}
