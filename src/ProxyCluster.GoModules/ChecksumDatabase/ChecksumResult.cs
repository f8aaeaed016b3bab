using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.GoModules.ChecksumDatabase;

/// <summary>A proven value, or the failure in its place. <c>default</c> is not a valid result.</summary>
public readonly struct ChecksumResult<T>
    where T : notnull
{
    private readonly T? _value;

    private ChecksumResult(T? value, ChecksumFailure? failure)
    {
        _value = value;
        Failure = failure;
    }

    /// <summary>The failure; null when there is a value.</summary>
    public ChecksumFailure? Failure { get; }

    /// <summary>Gives the value, or false with the failure.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out ChecksumFailure? failure)
    {
        value = _value;
        failure = Failure;
        return failure is null;
    }

    /// <summary>Wraps a value.</summary>
    public static implicit operator ChecksumResult<T>(T value) => new(value, null);

    /// <summary>Wraps a failure.</summary>
    public static implicit operator ChecksumResult<T>(ChecksumFailure failure) => new(default, failure);
}
