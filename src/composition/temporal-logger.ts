import { DefaultLogger } from '@temporalio/worker'
import { stdSerializers, type Logger } from 'pino'

/** Why something failed, with all causes, and without the encoded failures that the SDK hangs on its errors. */
const reasonOf = (error: Error) => {
  const { type, message, stack } = stdSerializers.err(error)
  return { type, message, stack }
}

/**
 * What the SDK has to say, in our log. It tells of every poller and of every state of a worker; of those
 * only what is wrong is news.
 */
export const temporalLogger = (log: Pick<Logger, 'error' | 'warn' | 'info'>): DefaultLogger =>
  new DefaultLogger('INFO', ({ level, message, meta: given }) => {
    // A task token says nothing to a reader, in two hundred characters.
    const { taskToken: _, error, ...meta } = given ?? {}
    const line = error instanceof Error ? { ...meta, err: reasonOf(error) } : { ...meta, error }
    const isOurs = meta['sdkComponent'] === 'workflow' || meta['sdkComponent'] === 'activity'
    if (level === 'ERROR') log.error(line, message)
    else if (level === 'WARN' && !message.startsWith('No workflows')) log.warn(line, message)
    else if (isOurs) log.info(line, message)
  })
