using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Outcomes;

/// <summary>A value, or the failure that stands in its place. <c>default</c> is not a valid outcome.</summary>
public readonly struct Outcome<T>
    where T : notnull
{
    private readonly T? _value;

    private Outcome(T? value, Failure? failure)
    {
        _value = value;
        Failure = failure;
    }

    /// <summary>The failure; null when there is a value.</summary>
    public Failure? Failure { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">This is a failure.</exception>
    public T Value => _value is not null && Failure is null
        ? _value
        : throw new InvalidOperationException($"no value: {Failure}");

    /// <summary>Gives the value, or false with the failure.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Failure? failure)
    {
        value = _value;
        failure = Failure;
        return failure is null;
    }

    /// <summary>Wraps a value.</summary>
    public static implicit operator Outcome<T>(T value) => new(value, null);

    /// <summary>Wraps a failure.</summary>
    public static implicit operator Outcome<T>(Failure failure) => new(default, failure);
}
