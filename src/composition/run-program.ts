import { ConfigError } from '../config.ts'
import { MediaError } from '../domain/failures.ts'

/** Why a program cannot start, in a sentence that says how to mend it. */
export class StartFailure extends Error {}

/** What is up to whoever starts the program; null: a defect of ours. */
const sentenceOf = (error: unknown): string | null => {
  if (error instanceof ConfigError || error instanceof StartFailure) return error.message
  if (error instanceof MediaError && error.code === 'DATABASE_UNAVAILABLE') {
    return 'The database cannot be reached: start it, or correct DATABASE_URL.'
  }
  if (error instanceof Error && 'syscall' in error && error.syscall === 'listen') {
    return `${error.message}. Choose another port (SPOOL_PORT, SPOOL_WORKER_METRICS_PORT) or address (SPOOL_HOST).`
  }
  return null
}

/**
 * Runs a program. What its user can mend ends it with a few sentences and exit code 1; a defect shows where
 * it comes from.
 */
export const runProgram = async (main: () => Promise<void>): Promise<void> => {
  try {
    await main()
  } catch (error) {
    const sentence = sentenceOf(error)
    if (sentence === null) throw error
    const { cause } = error as Error
    const reason = cause instanceof Error ? `\n  (${cause.message})` : ''
    process.stderr.write(`${sentence}${reason}\n`)
    // What was opened before would keep the process alive.
    process.exit(1)
  }
}
