using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Options;
using ProxyCluster.Outcomes;
using ProxyCluster.Storage;

namespace ProxyCluster.Repositories;

/// <summary>
/// Runs git, hg and svn under limits: of time, of what they print, of what they write, of memory and of how many run at once.
/// Whatever ends the wait ends the process, and with it the helpers that it has started: a command that has any is a group of its own.
/// <para>
/// Arguments are a list and never a command line; the shell in between sets the limits that only a process can set for itself,
/// and gets its words as arguments too.
/// </para>
/// Road not taken: libraries in this process. They would parse hostile packs in our memory, and their archives and attributes
/// are not git's, whose every detail is in the hash.
/// </summary>
internal sealed partial class LimitedProgram(IOptions<DirectOptions> options, DataTree tree, TimeProvider clock) : IDisposable
{
    /// <summary>The programs' home, an empty directory among the mirrors.</summary>
    public const string HomeName = "home";

    private const int MaxErrors = 16 << 10;
    private const string Limits = "ulimit -c 0; ulimit -f \"$1\"; ulimit -v \"$2\"; shift 2; exec \"$@\"";

    // How often what a command writes is looked at: what it may write until then is what it takes too much.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // Session, limits and group signals are Linux's.
    private static readonly bool HasGroups = OperatingSystem.IsLinux() && File.Exists("/usr/bin/setsid") && File.Exists("/bin/sh");

    private readonly DirectOptions _options = options.Value;

    // A host that is slow must not keep those waiting who have all that they need here.
    private readonly SemaphoreSlim _away = new(options.Value.MaxProcesses);
    private readonly SemaphoreSlim _here = new(options.Value.MaxProcesses);

    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="RepositoryException">It could not be started, or went beyond a limit.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was cancelled.</exception>
    public async Task<ProgramResult> RunAsync(ProgramCommand command, CancellationToken cancel)
    {
        var places = command.IsAway ? _away : _here;
        await places.WaitAsync(cancel);
        try
        {
            using var process = Start(command);
            using var timer = new CancellationTokenSource(command.Limit, clock);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
            try
            {
                var talk = TalkAsync(process, command, stop.Token);
                while (command.Watch is not null && !stop.IsCancellationRequested && await Task.WhenAny(talk, Task.Delay(LookEvery, clock, stop.Token)) != talk)
                {
                    if (BeyondOrNull(command) is not { } beyond)
                        continue;
                    await stop.CancelAsync();
                    await ((Task)talk).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw new RepositoryException(beyond);
                }

                // What is whole is here, and is given, however little room is left now.
                var result = await talk;
                if (result.IsMissing)
                    throw Missing(command);
                return BeyondOrNull(command) is { Kind: FailureKind.UpstreamInvalid } late ? throw new RepositoryException(late) : result;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new RepositoryException(new Failure(
                    FailureKind.UpstreamTimeout, $"{command.Subject}: {command} took longer than {command.Limit.TotalSeconds:0.#} s"));
            }
            finally
            {
                End(process, command.HasHelpers);
            }
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        _away.Dispose();
        _here.Dispose();
    }

    private static RepositoryException Missing(ProgramCommand command) =>
        new(new Failure(FailureKind.NotSupported, $"{command.Subject}: the program {command.Program} is not installed here, and without it there is no way to such a repository"));

    private static Failure? BeyondOrNull(ProgramCommand command)
    {
        try
        {
            return command.Watch?.Invoke();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What comes and goes while it is looked at is looked at again.
            return null;
        }
    }

    private static async Task<ProgramResult> TalkAsync(Process process, ProgramCommand command, CancellationToken stop)
    {
        using var kept = new MemoryStream();
        var errors = ReadErrorsAsync(process.StandardError.BaseStream, stop);
        var input = WriteAsync(process, command.Input, stop);
        var fits = await CopyAsync(process.StandardOutput.BaseStream, command.Output ?? kept, command.MaxOutput, stop);
        if (!fits)
            throw new RepositoryException(new Failure(FailureKind.UpstreamInvalid, $"{command.Subject}: {command} gave more than {command.MaxOutput} bytes"));
        await input;
        var said = await errors;
        await process.WaitForExitAsync(stop);
        return new ProgramResult(process.ExitCode, kept.ToArray(), said);
    }

    private Process Start(ProgramCommand command)
    {
        var home = Path.Combine(tree.Repositories, HomeName);
        Directory.CreateDirectory(home);
        string[] words = [command.Program, .. command.Arguments];
        var start = HasGroups
            ? new ProcessStartInfo("/bin/sh", [
                "-c", Limits, "sh", Number(_options.MaxRepositoryBytes / 512), Number(_options.MaxProcessBytes / 1024),
                .. command.HasHelpers ? ["/usr/bin/setsid"] : Array.Empty<string>(), .. words])
            : new ProcessStartInfo(words[0], words[1..]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = home;
        start.Environment.Clear();
        foreach (var (name, value) in command.Environment(home))
            start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw Missing(command);
        }

        static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task WriteAsync(Process process, string? input, CancellationToken stop)
    {
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), stop);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it read all, and its exit code says why.
        }
    }

    private static async Task<bool> CopyAsync(Stream from, Stream into, long max, CancellationToken stop)
    {
        var buffer = new byte[64 << 10];
        for (int read; (read = await from.ReadAsync(buffer, stop)) > 0; max -= read)
        {
            if (read > max)
                return false;
            await into.WriteAsync(buffer.AsMemory(0, read), stop);
        }

        return true;
    }

    // What is too much is read all the same: a full pipe would hold the process.
    private static async Task<string> ReadErrorsAsync(Stream from, CancellationToken stop)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[4096];
        for (int read; (read = await from.ReadAsync(buffer, stop)) > 0;)
            kept.Write(buffer, 0, (int)Math.Min(read, MaxErrors - kept.Length));
        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }

    // The group's leader may have ended while a helper of it has not.
    private static void End(Process process, bool hasHelpers)
    {
        const int kill = 9;
        if (HasGroups && hasHelpers)
            _ = Send(-process.Id, kill);
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}

/// <summary>A command.</summary>
/// <param name="Subject">What it is about, for failures.</param>
/// <param name="Program">The program.</param>
/// <param name="Arguments">The subcommand and its arguments.</param>
/// <param name="Limit">How long it may take.</param>
/// <param name="Environment">All variables that it gets, given an empty directory of ours for its home.</param>
internal sealed record ProgramCommand(
    string Subject, string Program, IReadOnlyList<string> Arguments, TimeSpan Limit, Func<string, IReadOnlyDictionary<string, string>> Environment)
{
    /// <summary>It goes to another host.</summary>
    public bool IsAway { get; init; }

    /// <summary>Whether it starts others; a group of its own costs one more program to be loaded.</summary>
    public bool HasHelpers { get; init; }

    /// <summary>What it reads.</summary>
    public string? Input { get; init; }

    /// <summary>Where its output goes; null to have it in the result.</summary>
    public Stream? Output { get; init; }

    /// <summary>Bytes that it may print.</summary>
    public long MaxOutput { get; init; } = 64 << 20;

    /// <summary>
    /// Looks at what it has written, now and then and at its end: gives the failure of one that has gone too far, and is ended. A limit
    /// of each file is none of all of them.
    /// </summary>
    public Func<Failure?>? Watch { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Path.GetFileName(Program)} {Arguments.FirstOrDefault(static word => char.IsAsciiLetter(word[0]) && !word.Contains('='))}";
}

/// <summary>What came of a command.</summary>
/// <param name="ExitCode">0 where it did what it was asked to.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it had to say besides.</param>
internal sealed record ProgramResult(int ExitCode, byte[] Output, string Errors)
{
    private const int NotFound = 127;

    public bool IsWell => ExitCode == 0;

    /// <summary>The shell or setsid had nothing to start.</summary>
    public bool IsMissing => ExitCode == NotFound && (Errors.Contains("not found", StringComparison.Ordinal) || Errors.Contains("No such file", StringComparison.Ordinal));

    /// <summary>Does the disk take no more?</summary>
    public bool SaysNoSpace =>
        Errors.Contains("No space left on device", StringComparison.Ordinal) || Errors.Contains("Disk quota exceeded", StringComparison.Ordinal);

    /// <summary>Output as text.</summary>
    public string Text => Encoding.UTF8.GetString(Output);
}
