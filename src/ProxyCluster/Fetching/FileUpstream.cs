using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using ProxyCluster.Files;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Fetching;

/// <summary>
/// A static tree laid out like <c>$GOMODCACHE/cache/download</c> (spec §3): a missing file is proven absence, a forbidden
/// one is policy. A missing <em>root</em> is neither: an unmounted disk must not make every module vanish. Links are followed
/// within the root and not out of it.
/// </summary>
internal sealed class FileUpstream : IUpstream
{
    private readonly string _root;
    private readonly UpstreamsOptions _options;
    private readonly TimeProvider _time;

    public FileUpstream(GoProxyEntry entry, IOptions<UpstreamsOptions> options, TimeProvider time)
    {
        Name = entry.DisplayName;
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(entry.Url!.LocalPath));
        _options = options.Value;
        _time = time;
    }

    public string Name { get; }

    public bool IsRemote => false;

    /// <inheritdoc/>
    public Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(Open(request, ct));
    }

    private UpstreamReply Open(UpstreamRequest request, CancellationToken ct)
    {
        // Names were validated when they were parsed and hold no dot segments; this is the second lock on the door.
        var path = Path.GetFullPath(Path.Combine(_root, request.Resource.TreePath));
        if (!path.StartsWith(_root.EndsWith('/') ? _root : _root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            return UpstreamFault.Final(FailureKind.Blocked, $"{request.Resource} lies outside {Name}");

        FileStream? file = null;
        try
        {
            file = new FileStream(RegularFile.OpenRead(path), FileAccess.Read, 0);
            if (!IsBelowRoot(file.SafeFileHandle))
                return UpstreamFault.Final(FailureKind.Blocked, $"{request.Resource} is a link out of {Name}");
            var length = file.Length;
            var modified = new DateTimeOffset(File.GetLastWriteTimeUtc(file.SafeFileHandle), TimeSpan.Zero);
            modified = modified.AddTicks(-(modified.Ticks % TimeSpan.TicksPerSecond));
            var limits = _options.BodyLimitsOf(request);

            if (request.Validators is { LastModified: { } known } validators && validators.Upstream == Name && known == modified)
                return UpstreamAnswer.Unchanged(Name, validators);
            if (length > limits.MaxBytes)
                return UpstreamBody.TooLong(Name, limits.MaxBytes);

            var body = new UpstreamBody(file, Name, length, limits, _time, ct);
            file = null;
            return new UpstreamAnswer(Name, body) { Length = length, LastModified = modified };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Directory.Exists(_root)
                ? UpstreamFault.Final(FailureKind.NotFound, $"not found: {request.Resource} is not in {Name}")
                : UpstreamFault.Final(FailureKind.UpstreamUnavailable, $"{Name} is not there: its directory is missing");
        }
        catch (UnauthorizedAccessException)
        {
            // .NET says the same for a directory in the file's place, which is a broken tree rather than a refusal.
            return Directory.Exists(path)
                ? UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} has a directory in place of {request.Resource}")
                : UpstreamFault.Final(FailureKind.Blocked, $"{Name} may not be read for {request.Resource}: permission denied");
        }
        catch (NotRegularException)
        {
            return UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{Name} has no regular file in place of {request.Resource}");
        }
        catch (IOException e)
        {
            return UpstreamFault.Final(FailureKind.UpstreamUnavailable, $"{Name} could not be read for {request.Resource}: {e.Message}");
        }
        finally
        {
            file?.Dispose();
        }
    }

    // Of what was opened, not of what is there by now. The root itself may be a link: whoever named it meant what it leads to.
    private bool IsBelowRoot(SafeFileHandle file) =>
        RegularFile.RealPathOrNull(file) is not { } real
        || (RegularFile.RealPathOfDirectoryOrNull(_root) is { } root
            && real.StartsWith(root.EndsWith('/') ? root : root + "/", StringComparison.Ordinal));
}
