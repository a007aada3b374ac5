/** Foreign text in its own lines; it scrolls, so keys have to reach it. */
import { ForeignText } from "./foreign-text";

export function Log({ text }: { text: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroll area takes the focus
    <pre tabIndex={0}>
      <ForeignText text={text} />
    </pre>
  );
}
