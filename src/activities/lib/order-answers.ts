import type { AnswerMemory } from '../../adapters/answer-memory.ts'
import { engineAnswerKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { findText, putText } from './stored-text.ts'

/** What engines have answered in the attempts at one order; it stays with the other files of the order's
 * folder. *Idempotent:* a key belongs to a question. *Errors:* STORAGE_UNAVAILABLE, DISK_FULL. */
export const orderAnswers = (
  deps: Pick<ActivityDependencies, 'storage'>,
  folderKey: string,
): AnswerMemory => ({
  find: (question) => findText(deps, engineAnswerKey(folderKey, question)),
  keep: async (question, answer) => {
    const kept = { text: answer, contentType: 'application/json' }
    await putText(deps, engineAnswerKey(folderKey, question), kept)
  },
})
