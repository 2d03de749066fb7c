import type { Node, Rule } from './rule.ts'

const linesOf = (node: Node): number => node.loc.end.line - node.loc.start.line + 1

/**
 * A function has at most `max` lines of its own; those of the functions inside it are theirs. So a
 * factory may hand out many methods, and a plugin may register many routes, as long as each is short.
 */
export const functionLength: Rule = {
  meta: { schema: [{ type: 'object', properties: { max: { type: 'integer' } } }] },
  create: (context) => {
    const [{ max }] = context.options as [{ max: number }]
    const innerLines: number[] = []
    const enter = () => {
      innerLines.push(0)
    }
    const leave = (node: Node) => {
      const ownLines = linesOf(node) - (innerLines.pop() ?? 0)
      const outer = innerLines.length - 1
      // The line that an inner function begins on belongs to both.
      if (outer >= 0) innerLines[outer] = (innerLines[outer] ?? 0) + linesOf(node) - 1
      if (ownLines <= max) return
      context.report({
        node,
        message: `This function has ${ownLines} lines of its own, ${max} are allowed. Find the name of a part and move it out.`,
      })
    }
    return {
      FunctionDeclaration: enter,
      FunctionExpression: enter,
      ArrowFunctionExpression: enter,
      'FunctionDeclaration:exit': leave,
      'FunctionExpression:exit': leave,
      'ArrowFunctionExpression:exit': leave,
    }
  },
}
