using Microsoft.Extensions.Options;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Repositories;

/// <summary>Git, in the environment that <see cref="GitEnvironment"/> gives it and within the limits of <see cref="LimitedProgram"/>.</summary>
internal sealed class GitProgram(IOptions<DirectOptions> options, LimitedProgram program)
{
    /// <inheritdoc cref="LimitedProgram.RunAsync"/>
    public Task<ProgramResult> RunAsync(GitCommand command, CancellationToken cancel) => program.RunAsync(
        new ProgramCommand(
            command.Subject, options.Value.Git, command.Arguments, command.Limit,
            home => GitEnvironment.Of(home, command.Mirror, command.Call, Environment.GetEnvironmentVariable))
        {
            IsAway = command.Call is not null,
            HasHelpers = command.HasHelpers,
            Input = command.Input,
            Output = command.Output,
            MaxOutput = command.MaxOutput,
            Watch = command.Watch,
        },
        cancel);
}

/// <summary>A git command.</summary>
/// <param name="Subject">What it is about, for failures.</param>
/// <param name="Arguments">The subcommand and its arguments.</param>
/// <param name="Limit">How long it may take.</param>
internal sealed record GitCommand(string Subject, IReadOnlyList<string> Arguments, TimeSpan Limit)
{
    /// <summary>The repository here; null for none.</summary>
    public string? Mirror { get; init; }

    /// <summary>Where it goes; null for nowhere.</summary>
    public GitCall? Call { get; init; }

    /// <summary>Whether git starts others for it.</summary>
    public bool HasHelpers => Call is not null || Arguments is ["gc", ..];

    /// <summary>What it reads.</summary>
    public string? Input { get; init; }

    /// <summary>Where its output goes; null to have it in the result.</summary>
    public Stream? Output { get; init; }

    /// <summary>Bytes that it may print.</summary>
    public long MaxOutput { get; init; } = 64 << 20;

    /// <inheritdoc cref="ProgramCommand.Watch"/>
    public Func<Failure?>? Watch { get; init; }
}
