import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import type { ExecutionId } from '../../domain/ids.ts'
import { SEARCH_ATTRIBUTES } from '../../domain/search-attributes.ts'

const { KEYWORD } = SearchAttributeType
const statusAttribute = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, KEYWORD)
const executionAttribute = defineSearchAttributeKey(SEARCH_ATTRIBUTES.execution, KEYWORD)

/** Makes a workflow findable by its status (`SpoolStatus = "error"`) and by the order it works on.
 * Writes what differs from what is there: each write is work for the server's visibility store. */
export const showStatus = (status: string, executionId?: ExecutionId): void => {
  const { typedSearchAttributes: shown } = workflowInfo()
  const wanted = [
    { key: statusAttribute, value: status },
    ...(executionId === undefined ? [] : [{ key: executionAttribute, value: executionId }]),
  ]
  const changes = wanted.filter(({ key, value }) => shown.get(key) !== value)
  if (changes.length > 0) upsertSearchAttributes(changes)
}
