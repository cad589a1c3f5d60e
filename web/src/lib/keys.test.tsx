import { fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { useShortcuts } from "./keys";

const pressed = vi.fn();

function Page({ dialog = false }: { dialog?: boolean }) {
  useShortcuts({ e: () => pressed("e"), Enter: () => pressed("Enter"), Escape: () => pressed("Escape") });
  return (
    <>
      <input aria-label="field" />
      <button type="button">button</button>
      <p>text</p>
      {dialog && <dialog open>question</dialog>}
    </>
  );
}

beforeEach(() => {
  pressed.mockReset();
});

test("letters work, whatever their case", () => {
  render(<Page />);

  fireEvent.keyDown(document.body, { key: "e" });
  fireEvent.keyDown(document.body, { key: "E" });

  expect(pressed).toHaveBeenCalledTimes(2);
});

test("a text field keeps its letters, but not Escape", () => {
  render(<Page />);
  const field = screen.getByLabelText("field");

  fireEvent.keyDown(field, { key: "e" });
  fireEvent.keyDown(field, { key: "Enter" });
  fireEvent.keyDown(field, { key: "Escape" });

  expect(pressed.mock.calls).toEqual([["Escape"]]);
});

test("Enter on a button is the button's", () => {
  render(<Page />);

  fireEvent.keyDown(screen.getByRole("button"), { key: "Enter" });

  expect(pressed).not.toHaveBeenCalled();
});

test.each([
  ["a modifier", { key: "e", ctrlKey: true }],
  ["a composition", { key: "Enter", isComposing: true }],
  ["a composition in Safari", { key: "Enter", keyCode: 229 }],
])("%s is left alone", (_name, event) => {
  render(<Page />);

  fireEvent.keyDown(document.body, event);

  expect(pressed).not.toHaveBeenCalled();
});

test("an open dialog has the keyboard to itself", () => {
  render(<Page dialog />);

  fireEvent.keyDown(document.body, { key: "e" });

  expect(pressed).not.toHaveBeenCalled();
});
