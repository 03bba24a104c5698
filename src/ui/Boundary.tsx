import { Component, type ReactNode } from 'react';

interface BoundaryProps {
  /** Another value is another page: what failed before says nothing about it. */
  at: string;
  /** In place of what cannot be shown. @param again tries to show it once more */
  fallback(error: unknown, again: () => void): ReactNode;
  children: ReactNode;
}

interface BoundaryState {
  at: string;
  failed?: { error: unknown };
}

/** Keeps a component that throws from taking down everything around it. React knows only classes that can do this. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  state: BoundaryState = { at: this.props.at };

  static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
    return { failed: { error } };
  }

  static getDerivedStateFromProps({ at }: BoundaryProps, state: BoundaryState) {
    return at === state.at ? null : { at, failed: undefined };
  }

  render() {
    const { failed } = this.state;
    if (!failed) return this.props.children;
    return this.props.fallback(failed.error, () => this.setState({ failed: undefined }));
  }
}
