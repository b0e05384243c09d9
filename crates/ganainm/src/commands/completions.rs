//! `ganainm completions`: what the shell offers at the press of a key.

use clap::CommandFactory;
use clap_complete::Shell;

/// Print completions for a shell.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm completions bash > ~/.local/share/bash-completion/completions/ganainm
  ganainm completions zsh > ~/.zfunc/_ganainm
  ganainm completions fish > ~/.config/fish/completions/ganainm.fish")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "ganainm", &mut out);
    crate::screen::print(&String::from_utf8_lossy(&out))
}
