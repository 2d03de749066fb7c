import type { NativeConnection } from '@temporalio/worker'
import type { Logger } from 'pino'
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts'

/** `INDEXED_VALUE_TYPE_KEYWORD` of the gRPC interface, whose enum the SDK does not export. */
const KEYWORD = 2

/** Statuses of gRPC: this server has no such call, or not for us. */
const PERMISSION_DENIED = 7
const UNIMPLEMENTED = 12

/**
 * Registers Spool's search attributes in the namespace, where they are missing. A server that leaves
 * that to its operators (Temporal Cloud does) is said so in the log; workflows then wait until they
 * have done it.
 */
export const ensureSearchAttributes = async (
  { operatorService }: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
  log: Pick<Logger, 'info' | 'warn'>,
): Promise<void> => {
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
    const missing = Object.values(SEARCH_ATTRIBUTES).filter((name) => !(name in customAttributes))
    if (missing.length === 0) return
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    })
    log.info({ namespace, missing }, 'search attributes were registered')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code !== PERMISSION_DENIED && code !== UNIMPLEMENTED) throw error
    const needed = Object.values(SEARCH_ATTRIBUTES).join(', ')
    log.warn({ namespace }, `register these keywords as search attributes: ${needed}`)
  }
}
