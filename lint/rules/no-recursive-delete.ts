import { calleeName } from './callee-name.ts'
import type { Rule } from './rule.ts'

const DELETES = /(?:^|\.)(?:rm|rmdir)(?:Sync)?$/

/** Whole folders are deleted in one place only, which knows that the folder is its own. */
export const noRecursiveDelete: Rule = {
  create: (context) => ({
    CallExpression(node) {
      if (!DELETES.test(calleeName(node.callee))) return
      for (const argument of node.arguments) {
        if (argument.type !== 'ObjectExpression') continue
        const recursive = argument.properties.some(
          (property) =>
            property.type === 'Property' &&
            property.key.type === 'Identifier' &&
            property.key.name === 'recursive' &&
            !(property.value.type === 'Literal' && property.value.value === false),
        )
        if (!recursive) continue
        context.report({
          node,
          message:
            'Only the workspace of an attempt deletes folders: a wrong path here deletes what others own.',
        })
      }
    },
  }),
}
