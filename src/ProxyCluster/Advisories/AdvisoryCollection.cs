using System.IO.Compression;
using ProxyCluster.GoModules.Advisories;

namespace ProxyCluster.Advisories;

/// <summary>
/// Takes the records of a database, from several tasks at once: what is broken is noted and left out, and what is too much for
/// the bounds ends the taking. The records are kept as they came, as a zip, if that is wanted.
/// </summary>
internal sealed class AdvisoryCollection(AdvisoryOptions limits, ZipArchive? keep = null, IProgress<int>? progress = null)
{
    private const int MaxFaults = 20;

    // Guards the rest.
    private readonly Lock _lock = new();
    private readonly List<Advisory> _advisories = [];
    private readonly List<string> _faults = [];
    private long _bytes;

    /// <summary>Those that could be read.</summary>
    public IReadOnlyList<Advisory> Advisories => _advisories;

    /// <summary>Sentences about records that could not; the first ones.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>How many could not.</summary>
    public int Broken { get; private set; }

    /// <summary>Takes one.</summary>
    /// <exception cref="AdvisoryException">There are more than may be.</exception>
    public void Add(string name, ReadOnlySpan<byte> json)
    {
        if (!Advisory.TryParse(json, out var advisory, out var error))
        {
            Skip(name, error);
            return;
        }

        lock (_lock)
        {
            _bytes += json.Length;
            if (_advisories.Count >= limits.MaxRecords || _bytes > limits.MaxBytes)
                throw new AdvisoryException($"there are more than {limits.MaxRecords} records or {limits.MaxBytes} bytes (Advisories:MaxRecords, Advisories:MaxBytes)");
            _advisories.Add(advisory);
            if (keep is not null)
            {
                using var entry = keep.CreateEntry($"{AdvisoryLayout.Records}{advisory.Id}.json", CompressionLevel.Fastest).Open();
                entry.Write(json);
            }

            progress?.Report(_advisories.Count);
        }
    }

    /// <summary>Notes one that is left out.</summary>
    public void Skip(string name, string why)
    {
        lock (_lock)
        {
            Broken++;
            if (_faults.Count < MaxFaults)
                _faults.Add($"{name}: {why}");
        }
    }
}

/// <summary>A database of advisories cannot be had, or not as a whole; the message says why.</summary>
internal sealed class AdvisoryException(string message) : IOException(message);
