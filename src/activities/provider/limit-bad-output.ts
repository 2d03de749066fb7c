import { activityInfo } from '@temporalio/activity'
import { MediaError } from '../../domain/failures.ts'

/** A file that came broken is fetched again; what is wrong then was made so. */
const BAD_FETCHES_MAX = 4

/** Takes delivery of a provider's work. *Errors:* those of `collect`; PROVIDER_OUTPUT_INVALID is final when it
 * comes again and again, however long outages are waited for. */
export const limitBadOutput = async <T>(collect: () => Promise<T>): Promise<T> => {
  try {
    return await collect()
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'PROVIDER_OUTPUT_INVALID') throw error
    const isFinal = activityInfo().attempt >= BAD_FETCHES_MAX
    throw new MediaError(error.code, error.internalDetail, { cause: error, isFinal })
  }
}
