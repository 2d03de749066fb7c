/**
 * An abort signal that fires when somebody wants this process to stop: Ctrl-C, a polite kill, a closed
 * terminal, or the end of scripts/run.mjs, which started it. Asking twice changes nothing.
 */
export function stopRequest(): AbortSignal {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => asked.abort())
  }
  process.on('disconnect', () => asked.abort())
  // Listening must not keep a script alive that has nothing left to do.
  process.channel?.unref()
  return asked.signal
}
