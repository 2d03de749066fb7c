import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { expect, test } from 'vitest'
import { limitBadOutput } from '../../src/activities/provider/limit-bad-output.ts'
import { MediaError, type FailureCode } from '../../src/domain/failures.ts'

const failing = (code: FailureCode, attempt: number): Promise<unknown> =>
  new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') })
    .run(() => limitBadOutput(() => Promise.reject(new MediaError(code, 'x'))))
    .catch((error: unknown) => error)

test.each([
  ['PROVIDER_OUTPUT_INVALID', 3, false],
  ['PROVIDER_OUTPUT_INVALID', 4, true],
  ['STORAGE_UNAVAILABLE', 19, false],
  ['PROVIDER_UNAVAILABLE', 19, false],
] as const)('%s in attempt %i is final: %s', async (code, attempt, isFinal) => {
  expect(await failing(code, attempt)).toMatchObject({ code, isFinal })
})
