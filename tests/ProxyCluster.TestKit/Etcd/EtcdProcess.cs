using System.ComponentModel;
using System.Diagnostics;
using ProxyCluster.Drills.Topology;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.TestKit.Etcd;

/// <summary>
/// One real etcd (Debian: etcd-server) on loopback ports with a directory of its own, which can be killed, frozen and
/// started again on the same ports and data.
/// </summary>
public sealed class EtcdProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _name;
    private readonly string[] _moreArguments;
    private readonly string _scheme;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxycluster-etcd-");
    private readonly List<string> _output = [];
    private Process? _process;

    /// <param name="name">The member's name in its cluster.</param>
    /// <param name="moreArguments">Further flags, for instance for TLS.</param>
    /// <param name="scheme"><c>http</c> or <c>https</c> for clients.</param>
    public EtcdProcess(string name = "single", string[]? moreArguments = null, string scheme = "http")
    {
        _name = name;
        _moreArguments = moreArguments ?? [];
        _scheme = scheme;
        ClientUrl = new Uri($"{scheme}://127.0.0.1:{LoopbackPort.Free()}");
        PeerUrl = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <summary>Where clients reach it.</summary>
    public Uri ClientUrl { get; }

    /// <summary>Where the other members reach it.</summary>
    public Uri PeerUrl { get; }

    /// <summary>Its part of <c>--initial-cluster</c>.</summary>
    public string InitialMember => $"{_name}={PeerUrl.GetLeftPart(UriPartial.Authority)}";

    /// <summary>Starts it and waits until it answers clients, for which a cluster needs a majority of its members.</summary>
    /// <exception cref="InvalidOperationException">etcd is not installed, or did not start; holds what it wrote.</exception>
    public async Task StartAsync(string? initialCluster = null)
    {
        var client = ClientUrl.GetLeftPart(UriPartial.Authority);
        var peer = PeerUrl.GetLeftPart(UriPartial.Authority);
        string[] arguments =
        [
            "--name", _name, "--data-dir", Path.Combine(_directory.FullName, "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", initialCluster ?? InitialMember, "--initial-cluster-token", "proxycluster-tests",
            "--logger", "zap", .. _moreArguments,
        ];
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("etcd", arguments) { RedirectStandardError = true, RedirectStandardOutput = true },
            EnableRaisingEvents = true,
        };
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"etcd {_name} ended:\n{Output()}"));
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("etcd cannot be started: install Debian's etcd-server, which the tests of the etcd engine run", e);
        }

        _process = process;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        try
        {
            await ready.Task.WaitAsync(StartLimit);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"etcd {_name} did not serve clients within {StartLimit}:\n{Output()}", e);
        }

        void Note(string? line)
        {
            if (line is null)
                return;
            lock (_output)
                _output.Add(line);
            if (line.Contains("serving client traffic", StringComparison.Ordinal))
                ready.TrySetResult();
        }
    }

    /// <summary>Ends it as a power cut would (SIGKILL) and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Stops it in its tracks (SIGSTOP): connections stay open and nothing answers.</summary>
    public void Freeze()
    {
        if (_process is { HasExited: false } process)
            Signals.Freeze(process.Id);
    }

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Resume()
    {
        if (_process is { HasExited: false } process)
            Signals.TrySend(process.Id, Signals.Continue);
    }

    /// <summary>Deletes everything it stored, as a lost disk would. Only while it is dead.</summary>
    public void LoseData() => Directory.Delete(Path.Combine(_directory.FullName, "data"), recursive: true);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        await KillAsync();
        _directory.Delete(recursive: true);
    }

    private string Output()
    {
        lock (_output)
            return string.Join('\n', _output.TakeLast(30));
    }

    // A test run that is ended half way must not leave etcds behind.
    private void OnExit(object? sender, EventArgs e)
    {
        if (_process is { HasExited: false } process)
            process.Kill();
    }
}
