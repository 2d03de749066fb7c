import type { Node, Rule } from './rule.ts'

const UNITS = 'Seconds|Ms|Px|Hz|Kbps|Bytes|Lufs|Db|Ratio|Percent|Credits|MicroUsd|Count'
const WITH_UNIT = new RegExp(`(?:^(?:${UNITS.toLowerCase()})|${UNITS})(?:Max|Min)?$`)

const keyName = (key: Node): string | null =>
  key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : null

/** `number`, `number | null`, `readonly number[]`. */
const isNumberType = (type: Node): boolean => {
  if (type.type === 'TSNumberKeyword') return true
  if (type.type === 'TSUnionType') return type.types.some(isNumberType)
  if (type.type === 'TSArrayType') return isNumberType(type.elementType)
  if (type.type === 'TSTypeOperator') return isNumberType(type.typeAnnotation)
  return false
}

/** A chain that begins with `z.number()`, `z.int()` or `z.coerce.number()`. */
const isNumberSchema = (node: Node): boolean => {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return false
  const { object, property } = node.callee
  if (object.type === 'CallExpression') return isNumberSchema(object)
  const root = object.type === 'MemberExpression' ? object.object : object
  const isZod = root.type === 'Identifier' && root.name === 'z'
  return isZod && property.type === 'Identifier' && /^(?:number|int)$/.test(property.name)
}

/**
 * A number that crosses a boundary carries its unit in its name. `plain` (an option) names the
 * numbers that have none: counts, and names that another protocol fixes.
 */
export const unitSuffix: Rule = {
  meta: { schema: [{ type: 'object', properties: { plain: { type: 'array' } } }] },
  create: (context) => {
    const [options] = context.options as [{ plain?: string[] }?]
    const plain = new Set(options?.plain)
    const judge = (key: Node) => {
      const name = keyName(key)
      if (name === null || WITH_UNIT.test(name) || plain.has(name)) return
      context.report({
        node: key,
        message: `The unit of \`${name}\` is missing (\`…Seconds\`, \`…Bytes\`).`,
      })
    }
    return {
      TSPropertySignature(node) {
        if (node.typeAnnotation && isNumberType(node.typeAnnotation.typeAnnotation)) judge(node.key)
      },
      Property(node) {
        if (isNumberSchema(node.value)) judge(node.key)
      },
    }
  },
}
