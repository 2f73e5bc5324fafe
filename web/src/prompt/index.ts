export { PromptField, type PromptFieldProps } from "./PromptField";
