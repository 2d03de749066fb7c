import type { Rule } from './rule.ts'

const SILENCER = /^[\s*]*(?:(?:oxlint|eslint)-disable|@ts-(?:expect-error|ignore|nocheck))/
const LINT_DIRECTIVE = /^[\s*]*(?:oxlint|eslint)-disable(?:-next-line|-line)?\s+[@\w]/
/** `-- reason` after the rule's name; after a `@ts-…` a colon is as good. */
const REASON = /(?:\s--\s+|@ts-[a-z-]+(?::|\s+--)\s+)\S.{9,}/

/** A comment that silences a checker names the rule and says why, in ten characters or more. */
export const explainedDisable: Rule = {
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        if (!SILENCER.test(comment.value)) continue
        const namesRule = /@ts-/.test(comment.value) || LINT_DIRECTIVE.test(comment.value)
        if (namesRule && REASON.test(comment.value)) continue
        context.report({
          loc: comment.loc,
          message:
            'A silenced check needs its rule and a reason: `oxlint-disable-next-line rule -- why`.',
        })
      }
    },
  }),
}
