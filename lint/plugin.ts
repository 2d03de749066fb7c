/**
 * The project's own lint rules: one for each mistake that types and ready-made rules cannot see and
 * that was worth a rule. `.oxlintrc.json` says where each of them holds; `test/lint` proves each.
 */

import { boundedConcurrency } from './rules/bounded-concurrency.ts'
import { explainedDisable } from './rules/explained-disable.ts'
import { functionLength } from './rules/function-length.ts'
import { noCommandString } from './rules/no-command-string.ts'
import { noRecursiveDelete } from './rules/no-recursive-delete.ts'
import { unitSuffix } from './rules/unit-suffix.ts'

export default {
  meta: { name: 'spool' },
  rules: {
    'bounded-concurrency': boundedConcurrency,
    'explained-disable': explainedDisable,
    'function-length': functionLength,
    'no-command-string': noCommandString,
    'no-recursive-delete': noRecursiveDelete,
    'unit-suffix': unitSuffix,
  },
}
