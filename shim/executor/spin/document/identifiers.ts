/**
 * Words with `-` between them, each in one case, the first beginning with a letter: `hello-2`.
 *
 * @see {@link https://component-model.bytecodealliance.org/design/wit.html#identifiers}
 */
const KEBAB = /^(?:[a-z][a-z0-9:]*|[A-Z][A-Z0-9:]*)(?:-(?:[a-z0-9][a-z0-9:]*|[A-Z][A-Z0-9:]*))*$/;
const LOWER_SNAKE = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
const LABEL = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/i;
/** It is the name of a folder, too. */
const SAFE_ID = /^[A-Za-z0-9][\w.:-]{0,255}$/;

/** Whether it can be the id of a component in a manifest: `hello-world`. */
export function isKebab(text: string): boolean {
  return text.length <= 256 && KEBAB.test(text);
}

/** Whether it can be the name of a variable: `api_key`. */
export function isVariableName(text: string): boolean {
  return text.length <= 256 && LOWER_SNAKE.test(text);
}

/** Whether it can be the label of a store or database: `default`, `my-store`, `my_store`. */
export function isLabel(text: string): boolean {
  return text.length <= 256 && LABEL.test(text);
}

/** Whether it can be the id of a component in a locked application, whoever made that. */
export function isComponentId(text: string): boolean {
  return SAFE_ID.test(text);
}
