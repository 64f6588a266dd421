// The gradient walk: reverse order, one sum per node, broadcasting undone in this one place.
import { apply, type Expr, type Op } from './graph.ts';
import { add } from './ops/elementwise.ts';
import { sumTo } from './ops/reduce.ts';

type BetterGradient = (dy: Expr, args: readonly Expr[]) => readonly (Expr | undefined)[];
const betterGradients = new WeakMap<Expr, BetterGradient>();

/** A composite is its definition under a name: inputs are [definition, ...args], and the gradient goes straight to the args. */
const compositeOp: Op = {
  name: 'composite',
  infer: (inputs) => ({ shape: inputs[0]!.shape, dtype: inputs[0]!.dtype }),
  lower: (_to, inputs) => inputs[0]!,
  vjp: (dy, node) => [undefined, ...betterGradients.get(node)!(dy, node.inputs.slice(1))],
  examples: [],
};

/** Gives a definition built from other ops a gradient of its own. The tests demand that both agree. */
export function withGradient(definition: Expr, args: readonly Expr[], vjp: BetterGradient): Expr {
  const node = apply(compositeOp, [definition, ...args]);
  betterGradients.set(node, vjp);
  return node;
}

/** Nodes that `outputs` depend on, every node after its inputs. */
export function topological(outputs: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const stack: { node: Expr; next: number }[] = [];
  for (const output of outputs) {
    if (seen.has(output)) continue;
    seen.add(output);
    stack.push({ node: output, next: 0 });
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const child = top.node.inputs[top.next++];
      if (child === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        stack.push({ node: child, next: 0 });
      }
    }
  }
  return order;
}

/**
 * Gradients of Σ y·dy with respect to `wrt`, as expressions of the same shapes. Only paths that lead to `wrt` are differentiated.
 * Throws when an entry of `wrt` does not influence y.
 */
export function gradients(y: Expr, dy: Expr, wrt: readonly Expr[]): Expr[] {
  const order = topological([y]);
  const leads = new Set<Expr>(wrt);
  for (const node of order) {
    const args = betterGradients.has(node) ? node.inputs.slice(1) : node.inputs;
    if (args.some((arg) => leads.has(arg))) leads.add(node);
  }
  const flowing = new Map<Expr, Expr>([[y, dy]]);
  for (const node of order.reverse()) {
    const upstream = flowing.get(node);
    if (upstream === undefined || !leads.has(node)) continue;
    node.op.vjp(upstream, node).forEach((gradient, i) => {
      const arg = node.inputs[i]!;
      if (gradient === undefined || !leads.has(arg)) return;
      const fitted = sumTo(gradient, arg.shape);
      const earlier = flowing.get(arg);
      flowing.set(arg, earlier === undefined ? fitted : add(earlier, fitted));
    });
  }
  return wrt.map((x) => {
    const gradient = flowing.get(x);
    if (gradient === undefined) throw new Error(`no gradient flows to ${x.op.name} [${x.shape.join(',')}]`);
    return gradient;
  });
}
