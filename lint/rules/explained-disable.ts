import type { Rule } from './rule.ts'

const SILENCER = /^[\s*]*(?:(?:oxlint|eslint)-disable|@ts-(?:expect-error|ignore|nocheck))/
const NAMES_RULE = /^[\s*]*(?:@ts-|(?:oxlint|eslint)-disable(?:-next-line|-line)?\s+[@\w])/
/** `-- reason` after the rule's name; after a `@ts-…` a colon is as good. */
const REASON = /(?:\s--\s+|@ts-[a-z-]+:\s+)\S.{9,}/

/** What silences every rule silences this one too, except at the very beginning of the file. */
const FILE_START = { start: { line: 1, column: 0 }, end: { line: 1, column: 0 } }

/** A comment that silences a checker names the rule and says why, in ten characters or more. */
export const explainedDisable: Rule = {
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        if (!SILENCER.test(comment.value)) continue
        if (NAMES_RULE.test(comment.value) && REASON.test(comment.value)) continue
        context.report({
          loc: FILE_START,
          message: `Line ${comment.loc.start.line}: a silenced check needs its rule and a reason, as in \`oxlint-disable-next-line rule -- why\`.`,
        })
      }
    },
  }),
}
